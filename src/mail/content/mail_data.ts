/** What a mail tells; everything else about its look is in the templates. */

import type { RequestDetails } from "./request_details.ts";

/**
 * What a mail is about.
 * - `reopened`: a request that an earlier mail called expired is open
 * - `reminder`: a pending request still waits for the recipient's review
 * - `access-ending`: the access that was granted ends soon, to the requester
 * - `access-list-review`: access lists are due for a review of their members, to one of their owners
 */
export type TemplateKind =
  | "new"
  | "review"
  | "resolution"
  | "reopened"
  | "reminder"
  | "access-ending"
  | "access-list-review";

/** `requester` and `owner` (of access lists) are mailed only if the operator asks for it. */
export type Audience = "reviewer" | "requester" | "owner";

export type RequestStatus = "PENDING" | "APPROVED" | "DENIED" | "EXPIRED" | "PROMOTED";

/** A request for roles alone, or for resources. */
export type RequestType = "role" | "resource";

/** The facts of one mail. Empty strings mean "not given". */
export interface MailData {
  readonly kind: TemplateKind;
  readonly audience: Audience;
  /** The same in all mails of a thread, as it stands in their subject. */
  readonly requestType: RequestType;
  readonly id: string;
  readonly cluster: string;
  readonly user: string;
  /** Absent: the request names no list at all, which the original tells from an empty one. */
  readonly roles: readonly string[] | undefined;
  readonly reason: string;
  /** Web page of the request, from `requestLink`. */
  readonly link: string | undefined;
  readonly status: { readonly state: RequestStatus; readonly reason: string };
  /** An earlier mail of the thread said that the request had expired, which was wrong. */
  readonly isCorrection?: boolean;
  /** Present for kind `review`. */
  readonly review?: ReviewData;
  /** Absent when nothing but the record is left of the request. */
  readonly details?: RequestDetails;
  /** Present for kind `access-list-review`, which is about no request: its facts are empty. */
  readonly accessLists?: readonly AccessListData[];
  /** When the mail is composed; relative times in it refer to this moment. */
  readonly nowMs: number;
}

export interface ReviewData {
  readonly author: string;
  readonly createdMs: number | undefined;
  /** Proposed state, upper case. */
  readonly state: string;
  readonly reason: string;
  /** The plugin that submitted it in the author's name. */
  readonly submittedBy?: string;
  readonly accessStartsMs?: number;
  /** What the request is to be turned into a membership of. */
  readonly accessList?: { readonly name: string; readonly title: string };
}

/** An access list whose members are due for review. */
export interface AccessListData {
  readonly name: string;
  /** "" for no title. */
  readonly title: string;
  readonly description: string;
  readonly memberCount: number;
  /** When the review is due, milliseconds since 1970. */
  readonly dueMs: number;
  /** Its web page. */
  readonly link: string | undefined;
}
