// Microsoft's own JavaScript client does a calendar's work: view, create, a series, change, answer, cancel, delta, batch, To Do.
// Run by its test with the addresses and two people's tokens in the environment; each step prints its name.
import assert from "node:assert/strict";
import { BatchRequestContent, Client, GraphError, PageIterator } from "@microsoft/microsoft-graph-client";

const clientOf = (token) =>
  Client.initWithMiddleware({
    baseUrl: new URL(process.env.GRAPH_ROOT).origin + "/",
    customHosts: new Set([new URL(process.env.GRAPH_ROOT).hostname]),
    authProvider: { getAccessToken: async () => token },
  });
const megan = clientOf(process.env.MEGAN), alex = clientOf(process.env.ALEX);
const window = { startDateTime: "2027-03-01T00:00:00Z", endDateTime: "2027-03-31T00:00:00Z" };
const at = (dateTime, timeZone = "Pacific Standard Time") => ({ dateTime, timeZone });

async function view(client) {
  const events = [];
  const first = await client.api("/me/calendarView").query(window).orderby("start/dateTime").top(3).get();
  await new PageIterator(client, first, (event) => { events.push(event); return true; }).iterate();
  return events;
}

const steps = {
  async signs_in() {
    assert.equal((await megan.api("/me").select("displayName").get()).displayName, "Megan Bowen");
  },
  async creates_and_views() {
    const made = await megan.api("/me/events").post({
      subject: "Campaign kick-off", body: { contentType: "HTML", content: "<p>Agenda</p>" },
      start: at("2027-03-01T09:00:00"), end: at("2027-03-01T10:00:00"),
      attendees: [{ emailAddress: { address: "alex@contoso.example" }, type: "required" }],
    });
    const [seen] = await view(megan);
    assert.equal(seen.id, made.id);
    assert.equal(seen.start.dateTime, "2027-03-01T17:00:00.0000000");
  },
  async answers() {
    const [invitation] = await view(alex);
    await alex.api(`/me/events/${invitation.id}/tentativelyAccept`).post({ comment: "Perhaps", sendResponse: true });
    const [hers] = await view(megan);
    assert.equal(hers.attendees[0].status.response, "tentativelyAccepted");
  },
  async changes() {
    const [event] = await view(megan);
    await megan.api(`/me/events/${event.id}`).header("If-Match", event["@odata.etag"]).patch({ subject: "Campaign kick-off (new title)" });
    assert.equal((await view(alex))[0].subject, "Campaign kick-off (new title)");
    await assert.rejects(
      megan.api(`/me/events/${event.id}`).header("If-Match", event["@odata.etag"]).patch({ subject: "Lost" }),
      (error) => error instanceof GraphError && error.statusCode === 412,
    );
  },
  async keeps_a_series() {
    const master = await megan.api("/me/events").post({
      subject: "Stand-up", start: at("2027-03-02T09:00:00"), end: at("2027-03-02T09:15:00"),
      recurrence: {
        pattern: { type: "weekly", interval: 1, daysOfWeek: ["tuesday", "thursday"] },
        range: { type: "endDate", startDate: "2027-03-02", endDate: "2027-03-18" },
      },
    });
    const instances = await megan.api(`/me/events/${master.id}/instances`).query(window).get();
    assert.equal(instances.value.length, 6);
    await megan.api(`/me/events/${instances.value[1].id}`).delete();
    assert.equal((await view(megan)).filter((event) => event.subject === "Stand-up").length, 5);
  },
  async follows_changes() {
    let page = await megan.api("/me/calendarView/delta").query(window).get();
    while (page["@odata.nextLink"]) page = await megan.api(page["@odata.nextLink"]).get();
    const made = await megan.api("/me/events").post({ subject: "News", start: at("2027-03-05T12:00:00"), end: at("2027-03-05T13:00:00") });
    page = await megan.api(page["@odata.deltaLink"]).get();
    assert.deepEqual(page.value.map((event) => event.subject), ["News"]);
    await megan.api(`/me/events/${made.id}`).delete();
    page = await megan.api(page["@odata.deltaLink"]).get();
    assert.deepEqual(page.value.map((event) => [event.id, event["@removed"].reason]), [[made.id, "deleted"]]);
  },
  async batches() {
    const content = new BatchRequestContent([
      { id: "1", request: new Request(process.env.GRAPH_ROOT + "/me") },
      { id: "2", request: new Request(process.env.GRAPH_ROOT + "/me/calendars") },
    ]);
    const body = await content.getContent();
    for (const one of body.requests) one.url = one.url.replace(/^.*\/v1\.0/, "");
    const { responses } = await megan.api("/$batch").post(body);
    assert.deepEqual(responses.map((one) => one.status), [200, 200]);
  },
  async keeps_tasks() {
    const list = await megan.api("/me/todo/lists").post({ displayName: "Trade fair" });
    const task = await megan.api(`/me/todo/lists/${list.id}/tasks`).post({ title: "Order the stand" });
    const done = await megan.api(`/me/todo/lists/${list.id}/tasks/${task.id}`).patch({ status: "completed" });
    assert.equal(done.status, "completed");
    await megan.api(`/me/todo/lists/${list.id}`).delete();
  },
  async cancels() {
    const [event] = await view(megan);
    await megan.api(`/me/events/${event.id}/cancel`).post({ comment: "The client called it off" });
    assert.ok((await view(alex)).filter((one) => one.iCalUId === event.iCalUId).every((one) => one.isCancelled));
  },
};

for (const [name, step] of Object.entries(steps)) {
  await step();
  console.log(name);
}
