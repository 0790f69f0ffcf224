// What the programs that sign in have in common: their steps are tried one by one, a person plays their part, and Graph is asked who one is.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";

// Takes the steps that the command line names; for each, prints a line of JSON: its name, and what went wrong ("" for nothing).
export async function run(steps) {
  for (const name of process.argv.slice(2)) {
    const wrong = await steps[name]().then(() => "", (error) => error.stack + (error.cause ? `\n${error.cause.stack ?? JSON.stringify(error.cause)}` : ""));
    console.log(JSON.stringify([name, wrong]));
  }
}

// The person: signs in at an address and says where the browser was sent, or types a code at a second screen.
const [command, ...words] = JSON.parse(process.env.PERSON);
const person = async (...said) => (await promisify(execFile)(command, [...words, ...said])).stdout;
export const signIn = async (url) => JSON.parse(await person("sign_in", String(url)));
export const approve = (page, userCode) => person("approve", page, userCode);
export const openBrowser = (url) => person("open", url);

async function ask(path, token) {
  const answer = await fetch(process.env.GRAPH_ROOT + path, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

// Graph takes the token for Megan's, or for that of an app alone, which may read who there is.
export const isMegans = async (token) => assert.equal((await ask("/me", token)).userPrincipalName, "megan@contoso.example");
export const isTheApps = async (token) =>
  assert.ok((await ask("/users?$top=50", token)).value.some((user) => user.userPrincipalName === "megan@contoso.example"));
