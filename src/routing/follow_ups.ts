/** Recipients of the emails after the first one, where routes change them. */

import type { RoutedEvent, RoutedRecipient } from "./trace.ts";

/** The kinds of email that follow the first one. */
export const FOLLOWING_EVENTS = ["review", "resolution"] as const;

/** Emails of one kind: they go to the recipients of the first email, with these exceptions. */
export interface FollowUp {
  /** Get them without having got the first email; where it is silent, with or without. */
  readonly also: readonly string[];
  /** Get the first email, and not these. */
  readonly except: readonly string[];
  /** None is sent to other recipients of the first email, nor to the requester. */
  readonly isSilent: boolean;
}

/** Decided along with the recipients of the first email, and kept in the record of the request. */
export interface FollowUps {
  readonly review: FollowUp;
  readonly resolution: FollowUp;
  /** The owners of the access list get the resolution if the request is promoted to one. */
  readonly hasListOwners: boolean;
}

/** Returns undefined where all emails go to the recipients of the first one. */
export function followUpsOf(
  recipients: readonly RoutedRecipient[],
  silent: ReadonlySet<RoutedEvent>,
  hasListOwners: boolean,
): FollowUps | undefined {
  const followUp = (event: "review" | "resolution"): FollowUp => {
    const isSilent = silent.has(event);
    const addresses = (has: (emails: readonly RoutedEvent[]) => boolean) =>
      recipients.filter(({ emails }) => has(emails)).map(({ address }) => address);
    return {
      also: addresses((emails) => emails.includes(event) && (isSilent || !emails.includes("new"))),
      except: isSilent
        ? []
        : addresses((emails) => emails.includes("new") && !emails.includes(event)),
      isSilent,
    };
  };
  const [review, resolution] = [followUp("review"), followUp("resolution")];
  const isPlain = [review, resolution].every(({ also, except, isSilent }) =>
    also.length === 0 && except.length === 0 && !isSilent
  );
  return isPlain && !hasListOwners ? undefined : { review, resolution, hasListOwners };
}

/** Whether the follow-ups have recipients beside those of the first email. */
export function hasOwnRecipients(followUps: FollowUps | undefined): boolean {
  if (followUps === undefined) return false;
  return followUps.hasListOwners ||
    FOLLOWING_EVENTS.some((event) => followUps[event].also.length > 0);
}

/** Whether routes give a recipient of the first email no other. */
export function getsFirstAlone(followUps: FollowUps | undefined, address: string): boolean {
  return followUps !== undefined && FOLLOWING_EVENTS.every((event) => {
    const { also, except, isSilent } = followUps[event];
    return isSilent ? !also.includes(address) : except.includes(address);
  });
}
