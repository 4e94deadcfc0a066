/** Whether a schedule means what its author thinks: a server checks less, and the original nothing. */

import { parseClock } from "./clock.ts";
import { type Schedule, WEEKDAYS } from "./schedule.ts";
import { TimeZone } from "./time_zone.ts";

/** What is wrong with a schedule, each fault with what to write instead; empty when it is right. */
export function scheduleFaults({ time }: Schedule): readonly string[] {
  if (time === undefined || time.shifts.length === 0) return ["needs at least one shift"];
  const zone = TimeZone.find(time.timezone);
  return [
    ..."error" in zone ? [`${zone.error}: write a name such as Europe/Berlin`] : [],
    ...time.shifts.flatMap(({ weekday, start, end }) => {
      const [from, to] = [parseClock(start), parseClock(end === "24:00" ? "23:59" : end)];
      const isOrdered = "error" in from || "error" in to || from.minutes < to.minutes;
      return [
        ...isWeekday(weekday) ? [] : [`weekday "${weekday}" is not a day such as Monday`],
        ..."error" in from ? [`start "${start}" is not a time such as 09:00`] : [],
        ..."error" in to ? [`end "${end}" is not a time such as 17:00 or 24:00`] : [],
        ...isOrdered ? [] : [`start ${start} is not before end ${end}: a night needs two shifts`],
      ];
    }),
  ];
}

function isWeekday(text: string): boolean {
  const given = text.toLowerCase();
  return WEEKDAYS.some((day) =>
    given === day.toLowerCase() || given === day.slice(0, 3).toLowerCase()
  );
}
