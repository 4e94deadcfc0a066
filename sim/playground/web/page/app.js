/** The page's beginning: one stream of events feeds all columns. */

import { addLine, explain, showDaemon, showLog, showOutages } from "./daemon.js";
import { byId, post } from "./dom.js";
import { showMail, showMails } from "./inboxes.js";
import { onSelect, showRequest, showRequests, showWorld } from "./requests.js";

let isFirst = true;

const handlers = {
  all(state) {
    // The form keeps what was typed when the stream begins again.
    if (isFirst) showWorld(state.world);
    isFirst = false;
    showRequests(state.requests);
    showMails(state.mails, state.world);
    showLog(state.log);
    showOutages(state.outages);
    showDaemon(state.daemon);
  },
  request: showRequest,
  mail: showMail,
  log: addLine,
  outages: showOutages,
  daemon: showDaemon,
};

onSelect(explain);

const events = new EventSource("events");
for (const [name, handle] of Object.entries(handlers)) {
  events.addEventListener(name, ({ data }) => handle(JSON.parse(data)));
}
events.addEventListener("open", () => byId("offline").hidden = true);
events.addEventListener("error", () => byId("offline").hidden = false);

byId("break").addEventListener("click", ({ target }) => {
  const name = target.dataset.break;
  if (name !== undefined) post(`break/${name}`).catch(() => {});
});
