/** Fault injection for the simulated mail server. */

/** A reply that smtp-server sends instead of its own. */
export class SmtpReply extends Error {
  constructor(readonly responseCode: number, message: string) {
    super(message);
    this.name = "SmtpReply";
  }
}

interface Fault {
  readonly reply: SmtpReply;
  /** For how many more commands it applies. */
  left: number;
}

/** Faults, each for a number of commands. */
export class MailFaults {
  /** Delay before each reply: greeting, AUTH, MAIL, RCPT and the one after the final dot. */
  replyDelayMs = 0;
  readonly #auths: Fault[] = [];
  readonly #mails: Fault[] = [];
  readonly #datas: Fault[] = [];
  readonly #recipients = new Map<string, Fault>();
  readonly #disconnections = new Set<string>();
  #hangUps = 0;

  /** Refuses the next `times` logins, including valid ones. */
  failNextAuths(code: number, message: string, times = 1): void {
    this.#auths.push({ reply: new SmtpReply(code, message), left: times });
  }

  /** Refuses the next `times` MAIL commands. */
  failNextMails(code: number, message: string, times = 1): void {
    this.#mails.push({ reply: new SmtpReply(code, message), left: times });
  }

  /** Refuses the next `times` emails after their final dot, and stores none of them. */
  failNextDatas(code: number, message: string, times = 1): void {
    this.#datas.push({ reply: new SmtpReply(code, message), left: times });
  }

  /** Refuses one recipient, permanently unless `times` is given. */
  denyRecipient(address: string, code: number, message: string, times = Infinity): void {
    this.#recipients.set(address, { reply: new SmtpReply(code, message), left: times });
  }

  /** Accepts a recipient again. */
  allowRecipient(address: string): void {
    this.#recipients.delete(address);
  }

  /** Breaks the connection whenever a mail to this recipient comes, without a reply. */
  disconnectAt(address: string): void {
    this.#disconnections.add(address);
  }

  /** Stores the next `times` emails, but breaks the connection instead of replying. */
  hangUpAfterData(times = 1): void {
    this.#hangUps += times;
  }

  /** Removes all faults. */
  clearFaults(): void {
    this.replyDelayMs = 0;
    this.#hangUps = 0;
    for (const queue of [this.#auths, this.#mails, this.#datas]) queue.length = 0;
    this.#recipients.clear();
    this.#disconnections.clear();
  }

  protected checkAuth(known: boolean): void {
    spoil(this.#auths[0], this.#auths);
    if (!known) throw new SmtpReply(535, "5.7.8 Authentication credentials invalid");
  }

  protected checkMail(): void {
    spoil(this.#mails[0], this.#mails);
  }

  protected checkData(): void {
    spoil(this.#datas[0], this.#datas);
  }

  protected checkRecipient(address: string): void {
    const fault = this.#recipients.get(address);
    if (fault?.left === 1) this.#recipients.delete(address);
    spoil(fault);
  }

  /** Whether the connection breaks at this recipient. */
  protected disconnectsAt(address: string): boolean {
    return this.#disconnections.has(address);
  }

  /** Whether this email gets no reply. */
  protected takeHangUp(): boolean {
    if (this.#hangUps === 0) return false;
    this.#hangUps--;
    return true;
  }
}

/** Throws the fault's reply, and removes the fault with its last command. */
function spoil(fault: Fault | undefined, queue: Fault[] = []): void {
  if (!fault) return;
  fault.left--;
  if (fault.left <= 0) queue.shift();
  throw fault.reply;
}
