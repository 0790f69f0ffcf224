// The live page of the sandbox. It asks the control plane for everything, and puts whatever it is told into the page as text.
"use strict";

const MOST_SHOWN = 500;
const BASE = "/sandbox/";
const byId = (id) => document.getElementById(id);

/** An element with properties and children; texts become text nodes, never markup. */
function el(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name === "on") for (const [event, heard] of Object.entries(value)) node.addEventListener(event, heard);
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const fill = (node, ...children) => node.replaceChildren(...children);

/** Put what was told into a node, if it is anything new; who was busy in there with the keyboard stays there. */
const lastTold = new WeakMap();
function put(node, told, build) {
  const key = JSON.stringify(told);
  if (lastTold.get(node) === key) return;
  lastTold.set(node, key);
  const busy = node.contains(document.activeElement), name = busy && document.activeElement.name;
  fill(node, ...build());
  if (!busy) return;
  node.tabIndex = -1;
  ((name && node.querySelector(`[name="${CSS.escape(name)}"]`)) || node).focus();
}

const plural = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

// --- asking --------------------------------------------------------------------------------------------------

async function ask(method, path, body) {
  const answer = await fetch(BASE + path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) {
    let message = `${answer.status}`;
    try { message = JSON.parse(text).error.message; } catch { /* not ours */ }
    throw new Error(message);
  }
  return (answer.headers.get("content-type") || "").startsWith("application/json") ? JSON.parse(text) : text;
}

/** Do what a control asks for, and say so when it is refused. */
async function act(method, path, body) {
  byId("trouble").hidden = true;
  try {
    return await ask(method, path, body);
  } catch (error) {
    byId("trouble").textContent = error.message;
    byId("trouble").hidden = false;
    return null;
  }
}

/** What a room of the tenant tells, null where this tenant has no such room. */
const askIfBuilt = (room) => (document.body.dataset.rooms.split(" ").includes(room) ? ask("GET", room) : Promise.resolve(null));

// --- the clock -----------------------------------------------------------------------------------------------

const clock = { seconds: 0, running: false, read: 0 };
const tenantNow = () => clock.seconds + (clock.running ? (performance.now() - clock.read) / 1000 : 0);
const WHEN = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "short", day: "numeric", month: "short", year: "numeric" });

async function readClock() {
  const shown = await ask("GET", "clock");
  Object.assign(clock, { seconds: shown.seconds, running: shown.running, read: performance.now() });
  byId("running").textContent = shown.running ? "running" : "stopped";
  byId("running").className = shown.running ? "chip good" : "chip warn";
  byId("stop").textContent = shown.running ? "Stop" : "Run";
  tick();
}

function tick() {
  const now = new Date(tenantNow() * 1000);
  byId("now").textContent = `${WHEN.format(now)}, ${now.toISOString().slice(11, 19)} UTC`;
  byId("now").dateTime = now.toISOString();
  for (const left of document.querySelectorAll("[data-ends]")) left.textContent = lifeLeft(Number(left.dataset.ends) - tenantNow());
}

function lifeLeft(seconds) {
  if (seconds <= 0) return "expired";
  return seconds < 90 ? `${Math.ceil(seconds)} s left` : `${Math.round(seconds / 60)} min left`;
}

// --- requests ------------------------------------------------------------------------------------------------

const shown = new Map(); // number → { exchange, row }
let last = 0, first = 1, changes = 0, live = false, paused = false, held = [], apps = {}, people = [];

function rowOf(exchange) {
  const url = new URL(exchange.url);
  const query = url.search ? el("span", { className: "query" }, decoded(url.search)) : "";
  const status = exchange.status === null ? "none" : String(exchange.status);
  const took = exchange.ms === null ? "" : `${exchange.ms < 10 ? exchange.ms.toFixed(1) : Math.round(exchange.ms)} ms`;
  const who = [exchange.user, apps[exchange.app] || exchange.app].filter(Boolean).join(" · ");
  const kind = exchange.status === null || exchange.status >= 500 ? "failed" : exchange.status >= 400 ? "refused" : "";
  const button = el("button", { on: { click: () => open(exchange.number) }, "aria-haspopup": "dialog" },
    el("span", { className: "at" }, exchange.at.slice(11, 19)), " ",
    el("span", { className: "method" }, exchange.method), " ",
    el("span", { className: "path", title: decoded(url.pathname + url.search) }, shortened(decoded(url.pathname)), query), " ",
    el("span", { className: `status ${kind}` }, status), " ",
    el("span", { className: "ms" }, took), " ",
    el("span", { className: "who" }, who || "nobody signed in"));
  return el("li", { className: live ? "fresh" : "", data: { words: wordsOf(exchange, who) } }, button);
}

function decoded(text) {
  try { return decodeURIComponent(text.replaceAll("+", " ")); } catch { return text; }
}

/** A path with its GUIDs and long ids cut short. */
function shortened(path) {
  return path.replace(/\b([0-9a-f]{4})[0-9a-f]{4}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "$1…").replace(/[\w=-]{41,}/g, (id) => `${id.slice(0, 6)}…${id.slice(-5)}`);
}

function wordsOf(exchange, who) {
  const status = String(exchange.status || "none");
  return [exchange.method, decoded(exchange.url), status, `${status[0]}xx`, who].join(" ").toLowerCase();
}

function take(exchanges) {
  if (paused) held.push(...exchanges);
  else for (const exchange of exchanges) {
    if (shown.has(exchange.number)) continue;
    const row = rowOf(exchange);
    shown.set(exchange.number, { exchange, row });
    byId("list").prepend(row);
  }
  forget();
  sift();
}

/** Take away what the journal no longer has, and the oldest beyond what a page should hold. */
function forget() {
  for (const [number, { row }] of shown) {
    if (number >= first && shown.size <= MOST_SHOWN) break;
    row.remove();
    shown.delete(number);
  }
  held = held.filter((exchange) => exchange.number >= first).slice(-MOST_SHOWN);
}

function sift() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  let visible = 0;
  for (const { row } of shown.values()) {
    row.hidden = !words.every((word) => row.dataset.words.includes(word));
    visible += !row.hidden;
  }
  byId("quiet").hidden = visible > 0;
  byId("quiet").textContent = shown.size
    ? `None of the ${plural(shown.size, "request")} has these words.`
    : "Nothing has been asked yet. Point an app at this address, and what it asks appears here.";
  tell();
}

function tell(lost) {
  const chip = byId("live");
  chip.className = lost ? "chip warn" : paused ? "chip" : "chip good";
  chip.textContent = lost ? "not reached, trying again" : paused ? `paused${held.length ? `, ${held.length} more` : ""}` : "live";
}

function pause() {
  paused = !paused;
  byId("pause").setAttribute("aria-pressed", String(paused));
  byId("pause").textContent = paused ? "Go on" : "Pause";
  const waiting = held;
  held = [];
  take(waiting);
}

// --- one exchange --------------------------------------------------------------------------------------------

let opened = 0;

async function open(number) {
  const exchange = await act("GET", `journal/${number}`);
  if (!exchange) return;
  opened = number;
  const url = new URL(exchange.url);
  byId("exchange-head").textContent = `${exchange.method} ${decoded(url.pathname + url.search)}`;
  const answer = exchange.status === null ? "no answer was sent" : `answered ${exchange.status}`;
  const took = exchange.ms === null ? "" : ` in ${exchange.ms} ms`;
  byId("exchange-about").textContent = [`Number ${number}`, exchange.at, answer + took, exchange.user, apps[exchange.app] || exchange.app]
    .filter(Boolean).join(" · ");
  fill(byId("asked"), headers(exchange.request_headers), content(exchange.request_body));
  fill(byId("answered"), headers(exchange.response_headers), content(exchange.response_body));
  const numbers = [...shown].filter(([, { row }]) => !row.hidden).map(([known]) => known).sort((a, b) => a - b);
  const place = numbers.indexOf(number);
  step(byId("exchange-earlier"), place > 0 ? numbers[place - 1] : 0);
  step(byId("exchange-later"), place >= 0 && place < numbers.length - 1 ? numbers[place + 1] : 0);
  if (!byId("exchange").open) byId("exchange").showModal();
  document.querySelector(".halves").scrollTop = 0;
}

function step(button, number) {
  button.disabled = !number;
  button.dataset.number = number;
}

function headers(pairs) {
  const rows = Object.entries(pairs).flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  return el("dl", { className: "pairs" }, ...rows);
}

/** A body: JSON with a little colour, anything else as it is, long ones cut. */
function content(body) {
  if (body === null) return el("p", { className: "soft" }, "No body.");
  const box = el("pre", { className: "content", tabIndex: 0 });
  const text = typeof body === "string" ? body : JSON.stringify(body, null, 2);
  if (typeof body === "string" || text.length > 200000) {
    box.append(text.length > 200000 ? `${text.slice(0, 200000)}\n… ${text.length - 200000} more characters` : text);
  } else {
    for (const part of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[^"\d\-tfn]+|./g)) {
      const kind = part[2] !== undefined ? "key" : part[1] !== undefined ? "text" : /^(-?\d|true|false|null)/.test(part[0]) ? "number" : "";
      box.append(kind ? el("span", { className: kind }, part[1] || part[0]) : part[0], part[2] || "");
    }
  }
  return box;
}

// --- who waits -----------------------------------------------------------------------------------------------

async function readWaiting() {
  const codes = await ask("GET", "approve");
  byId("waiting").hidden = codes.length === 0;
  put(byId("codes"), codes.map((code) => code.user_code), () => codes.map((code) => {
    const who = el("select", { "aria-label": `Who signs in with code ${code.user_code}` }, ...choices(people.filter((person) => !person.room)));
    const decide = (path, body) => act("POST", path, { user_code: code.user_code, ...body }).then(refresh);
    return el("li", {},
      el("span", { className: "code" }, code.user_code),
      el("span", { className: "told soft" }, `${apps[code.client_id] || code.client_id} asks for ${code.scope} · `,
        el("span", { data: { ends: tenantNow() + code.expires_in } }, lifeLeft(code.expires_in))),
      who,
      el("button", { className: "act", on: { click: () => decide("approve", { user: who.value }) } }, "Approve"),
      el("button", { on: { click: () => decide("deny") } }, "Decline"));
  }));
}

const choices = (users) => users.map((user) => el("option", { value: user.id }, user.displayName));

// --- people and their days -----------------------------------------------------------------------------------

let week = 0, calendars = [];

async function readPeople() {
  people = await ask("GET", "users");
  apps = Object.fromEntries((await ask("GET", "apps")).map((app) => [app.client_id, app.displayName]));
  const boxes = people.filter((person) => person.timeZone);
  choose(byId("whose"), choices(boxes));
  choose(byId("fault-user"), [el("option", { value: "" }, "anybody"), ...choices(people.filter((person) => !person.room))]);
  const person = people.find((one) => one.id === byId("whose").value);
  for (const id of ["add-event", "revoke", "able", "earlier", "today", "later"]) byId(id).disabled = !person;
  byId("able").textContent = person && person.accountEnabled === false ? "Enable" : "Disable";
}

/** Put new options into a list and keep the choice, if it is still among them. */
function choose(list, options) {
  const before = list.value;
  const same = list.options.length === options.length
    && options.every((option, at) => option.value === list.options[at].value && option.text === list.options[at].text);
  if (same) return;
  fill(list, ...options);
  if (options.some((option) => option.value === before)) list.value = before;
}

function isoDay(shift) {
  const day = new Date((tenantNow() + shift * 86400) * 1000);
  return day.toISOString().slice(0, 10);
}

const DAY_NAME = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", weekday: "long", day: "numeric", month: "long" });

async function readDays() {
  const user = byId("whose").value;
  if (!user) {
    byId("zone").textContent = "";
    put(byId("days"), null, () => [el("p", { className: "soft" }, "Nobody in this tenant has a calendar.")]);
    return;
  }
  const from = week ? `&from=${isoDay(week * 7)}` : "";
  const told = await ask("GET", `days?user=${encodeURIComponent(user)}&days=7${from}`);
  calendars = told.calendars;
  byId("zone").textContent = `Times in ${told.zone}`;
  byId("days").dataset.first = told.days[0].date;
  put(byId("days"), [user, week, told], () => told.days.map((day) => {
    const today = !week && day === told.days[0];
    const name = DAY_NAME.format(new Date(`${day.date}T00:00:00Z`));
    const events = day.events.map((event) => entry(event, day.date, user));
    return el("section", { className: today ? "day today" : "day" }, el("h3", {}, today ? `${name} · today` : name),
      events.length ? el("ul", { className: "plain" }, ...events) : el("p", { className: "none" }, "Nothing."));
  }));
}

function entry(event, day, user) {
  const starts = event.first === day, ends = event.last === day;
  const when = event.start === null ? "all day" : `${starts ? event.start : "…"} – ${ends ? event.end : "…"}`;
  const guests = event.guests.length ? plural(event.guests.length, "guest") : "";
  const answer = { none: "not answered", notResponded: "not answered", organizer: "", accepted: "accepted", declined: "declined", tentativelyAccepted: "maybe" };
  const more = [event.location, event.response === "organizer" ? guests : `by ${event.organizer}`, answer[event.response],
    event.isOnlineMeeting ? "online" : "", event.sensitivity === "normal" ? "" : event.sensitivity,
    event.calendar === calendars[0] ? "" : event.calendar, { occurrence: "series", exception: "changed in series" }[event.type]];
  const gone = event.isCancelled || event.response === "declined";
  const remove = () => act("DELETE", `events/${encodeURIComponent(event.id)}?user=${encodeURIComponent(user)}`).then(refresh);
  return el("li", { className: `entry ${event.showAs}${gone ? " gone" : ""}` },
    el("span", { className: "when" }, when),
    el("span", { className: "title" }, event.subject || "(no title)"),
    el("button", { "aria-label": `Delete ${event.subject || "event without a title"}`, title: "Delete", on: { click: remove } }, "×"),
    el("span", { className: "more" }, more.filter(Boolean).join(" · ")));
}

function offerEvent() {
  const form = byId("event-form");
  form.reset();
  form.elements.day.value = byId("days").dataset.first;
  fill(form.elements.calendar, ...calendars.map((name) => el("option", {}, name)));
  byId("event-dialog").showModal();
}

function addEvent(form) {
  const { subject, day, at, minutes, all_day: allDay, calendar } = form.elements;
  const zone = byId("zone").textContent.replace("Times in ", "");
  const start = allDay.checked ? `${day.value}T00:00:00` : `${day.value}T${at.value}:00`;
  const end = new Date(new Date(`${start}Z`).getTime() + (allDay.checked ? 1440 : Number(minutes.value)) * 60000).toISOString().slice(0, 19);
  const moment = (dateTime) => ({ dateTime, timeZone: zone });
  const event = { subject: subject.value, start: moment(start), end: moment(end), isAllDay: allDay.checked };
  return act("POST", "events", { user: byId("whose").value, calendar: calendar.value, event });
}

// --- faults, policies, quirks --------------------------------------------------------------------------------

function count(id, number) {
  byId(id).textContent = String(number);
  byId(id).hidden = number === 0;
}

async function readFaults() {
  const faults = await ask("GET", "faults");
  count("fault-count", faults.filter((fault) => fault.left !== 0).length);
  put(byId("faults"), faults, () => faults.map((fault) => el("li", {}, el("span", {}, faultInWords(fault)),
    el("button", { "aria-label": `Remove fault ${fault.id}`, on: { click: () => act("DELETE", `faults/${fault.id}`).then(refresh) } }, "Remove"))));
}

function faultInWords(fault) {
  const effects = ["status", "html", "truncate", "cut", "drop", "stall", "drip", "latency_ms"].filter((name) => name in fault);
  const words = { status: fault.status, html: "HTML page", stall: "no answer", drop: `connection lost ${fault.drop} it was done`, latency_ms: `${fault.latency_ms} ms late` };
  const what = effects.map((name) => words[name] || `${name} ${fault[name]}`).join(", ");
  const person = people.find((one) => one.id === fault.user);
  const whose = [fault.method, fault.path && `path ${fault.path}`, person && person.displayName].filter(Boolean);
  const chance = fault.probability === undefined ? "always" : `probability ${fault.probability}`;
  return [what, ...whose, fault.left === null ? chance : fault.left ? `${fault.left} left` : "spent"].join(" · ");
}

function addFault(form) {
  const { effect, ...rest } = Object.fromEntries(new FormData(form));
  const [name, value] = effect.split(" ");
  const fault = { count: Number(rest.count) };
  if (name === "html") Object.assign(fault, { html: true, status: Number(value) });
  else fault[name] = name === "drop" ? value : name === "stall" ? true : Number(value);
  for (const member of ["path", "method", "user"]) if (rest[member]) fault[member] = rest[member];
  if (rest.retry_after && (name === "status" || name === "html")) fault.retry_after = Number(rest.retry_after);
  return act("POST", "faults", fault);
}

/** A list of switches from `{name: {value, means}}`: yes or no as a box, numbers as numbers, words as text. */
function switches(list, known, path) {
  put(list, known, () => Object.entries(known).map(([name, { value, means }]) => {
    const set = (fresh) => act("POST", path, { [name]: fresh }).then(refresh);
    if (typeof value === "string" || typeof value === "number" || name.endsWith("_seconds")) {
      const text = typeof value === "string";
      const field = el("input", { type: text ? "text" : "number", name, value: value || (text ? "" : 0) });
      if (!text) Object.assign(field, { min: 0, step: "any" });
      field.addEventListener("change", () => set(text ? field.value : Number(field.value)));
      return el("li", {}, el("label", {}, name, field), el("small", {}, means));
    }
    const note = Array.isArray(value) ? el("small", {}, `for ${value.map(nameOf).join(", ")}`) : null;
    const box = el("input", { type: "checkbox", name, checked: Boolean(value), on: { change: () => set(box.checked) } });
    return el("li", {}, el("label", { className: "check" }, box, el("span", {}, name, el("small", {}, means), note)));
  }));
}

const nameOf = (id) => (people.find((person) => person.id === id) || { displayName: id }).displayName;

async function readPolicies() {
  const policies = await ask("GET", "policies");
  count("policy-count", Object.values(policies).filter(({ value }) => value).length);
  switches(byId("policies"), policies, "policies");
}

async function readQuirks() {
  const quirks = await askIfBuilt("quirks");
  byId("quirks-card").hidden = !quirks;
  if (quirks) switches(byId("quirks"), quirks, "quirks");
}

// --- subscriptions, outbox, snapshots ------------------------------------------------------------------------

const MOST_RECORDS = 50;

/** The newest of a list, in lines of a panel. */
function records(list, told, line) {
  const newest = told.slice(-MOST_RECORDS).reverse();
  put(list, newest, () => (newest.length ? newest.map(line) : [el("li", { className: "soft" }, "None.")]));
}

const record = (text, more, ...levers) => el("li", {}, el("span", {}, text, el("small", {}, more.filter(Boolean).join(" · "))), ...levers);

async function readSubscriptions() {
  const [subscriptions, notifications] = await Promise.all([askIfBuilt("subscriptions"), askIfBuilt("notifications")]);
  byId("subscriptions-card").hidden = !subscriptions;
  if (!subscriptions) return;
  count("subscription-count", subscriptions.length);
  records(byId("subscriptions"), subscriptions, (one) => record(`${one.resource} · ${one.changeType}`,
    [`to ${one.notificationUrl}`, `until ${shortTime(one.expirationDateTime)}`, apps[one.applicationId] || one.applicationId], provoker(one)));
  records(byId("notifications"), notifications || [], (one) => record(`${one.lifecycleEvent || one.changeType} · ${one.outcome}`,
    [one.resource && shortened(one.resource), `to ${one.url}`, ...one.attempts.slice(-1).map((attempt) => attempt.status || attempt.error)]));
}

/** A list of lifecycle events to let happen to a subscription that can be told of them. */
function provoker(subscription) {
  if (!subscription.lifecycleNotificationUrl) return "";
  const events = ["reauthorizationRequired", "subscriptionRemoved", "missed"].map((name) => el("option", {}, name));
  const list = el("select", { "aria-label": `Let happen to the subscription on ${subscription.resource}` }, el("option", { value: "" }, "Let happen …"), ...events);
  list.addEventListener("change", () => act("POST", "lifecycle", { subscription: subscription.id, event: list.value }).then(refresh));
  return list;
}

const shortTime = (text) => String(text).slice(0, 16).replace("T", " ");
const named = (person) => ((person || {}).emailAddress || {}).name || ((person || {}).emailAddress || {}).address || "somebody";

async function readOutbox() {
  const messages = await askIfBuilt("outbox");
  byId("outbox-card").hidden = !messages;
  if (!messages) return;
  count("outbox-count", messages.length);
  records(byId("outbox"), messages, (one) => record(one.subject || "(no subject)",
    [one.kind, `${named(one.from)} to ${(one.toRecipients || []).map(named).join(", ")}`, shortTime(one.sentDateTime)]));
}

async function readSnapshots() {
  const kept = await ask("GET", "snapshot");
  put(byId("snapshots"), kept, () => kept.map(({ name, bytes }) => el("li", {},
    el("span", {}, name, el("span", { className: "soft" }, ` · ${Math.ceil(bytes / 1024)} KiB`)),
    el("span", { className: "levers" },
      el("button", { "aria-label": `Restore ${name}`, on: { click: () => act("POST", "restore", { name }).then(refresh) } }, "Restore"),
      el("button", { "aria-label": `Forget ${name}`, on: { click: () => act("DELETE", `snapshot/${encodeURIComponent(name)}`).then(refresh) } }, "Forget")))));
}

// --- following -----------------------------------------------------------------------------------------------

let reading = null, again = false;

/** Read everything but the requests anew; calls while it is under way are taken together. */
function refresh() {
  if (reading) { again = true; return reading; }
  reading = (async () => {
    do {
      again = false;
      await Promise.all([readClock(), readPeople()]);
      await Promise.all([readWaiting(), readDays(), readFaults(), readPolicies(), readQuirks(), readSnapshots(),
        readSubscriptions(), readOutbox()]);
      await new Promise((done) => setTimeout(done, 200));
    } while (again);
  })().catch(() => tell(true)).finally(() => { reading = null; });
  return reading;
}

async function follow() {
  for (;;) {
    try {
      const news = await ask("GET", `news?after=${last}&changes=${changes}&wait=${live ? 25 : 0}`);
      if (news.last < last) { shown.forEach(({ row }) => row.remove()); shown.clear(); held = []; }
      const happened = !live || news.last !== last || news.changes !== changes || news.first !== first;
      ({ last, first, changes } = news);
      take(news.exchanges);
      live = true;
      if (happened) refresh();
    } catch {
      live = false;
      tell(true);
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

function dialogForm(dialog, answer, submitted) {
  const form = byId(dialog).querySelector("form");
  form.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.value === answer) Promise.resolve(submitted(form)).then(refresh);
  });
}

function begin() {
  byId("no-script").hidden = true;
  const click = (id, heard) => byId(id).addEventListener("click", heard);
  const selected = () => byId("whose").value;
  for (const button of document.querySelectorAll("[data-advance]")) {
    button.addEventListener("click", () => act("POST", "clock", { advance_seconds: Number(button.dataset.advance) }).then(refresh));
  }
  click("stop", () => act("POST", "clock", clock.running ? { stop: true } : { run: true }).then(refresh));
  click("set-clock", () => {
    byId("clock-form").elements.now.value = new Date(tenantNow() * 1000).toISOString().slice(0, 19);
    byId("clock-dialog").showModal();
  });
  dialogForm("clock-dialog", "set", (form) => act("POST", "clock", { now: `${form.elements.now.value}Z` }));
  dialogForm("event-dialog", "add", addEvent);
  dialogForm("reset-dialog", "reset", (form) => act("POST", form.elements.keep_clock.checked ? "seed" : "reset",
    form.elements.seed.value ? { seed: form.elements.seed.value } : {}));
  click("pause", pause);
  click("clear", () => act("DELETE", "journal"));
  byId("filter").addEventListener("input", sift);
  click("exchange-close", () => byId("exchange").close());
  for (const id of ["exchange-earlier", "exchange-later"]) click(id, () => open(Number(byId(id).dataset.number)));
  byId("exchange").addEventListener("keydown", (event) => {
    const button = { ArrowLeft: "exchange-earlier", ArrowRight: "exchange-later" }[event.key];
    if (button && !byId(button).disabled) byId(button).click();
  });
  byId("exchange").addEventListener("close", () => {
    const row = shown.get(opened);
    if (row) row.row.querySelector("button").focus();
  });
  byId("whose").addEventListener("change", () => { week = 0; refresh(); });
  click("earlier", () => { week -= 1; refresh(); });
  click("later", () => { week += 1; refresh(); });
  click("today", () => { week = 0; refresh(); });
  click("add-event", offerEvent);
  click("revoke", () => act("POST", "revoke", { user: selected() }).then(refresh));
  click("able", () => act("PATCH", `users/${encodeURIComponent(selected())}`, { accountEnabled: byId("able").textContent === "Enable" }).then(refresh));
  byId("fault").addEventListener("submit", (event) => { event.preventDefault(); addFault(event.target).then(refresh); });
  click("clear-faults", () => act("DELETE", "faults").then(refresh));
  byId("snapshot").addEventListener("submit", (event) => {
    event.preventDefault();
    act("POST", "snapshot", { name: event.target.elements.name.value }).then(refresh);
  });
  click("reset", () => byId("reset-dialog").showModal());
  setInterval(tick, 1000);
  refresh().then(follow);
}

begin();
