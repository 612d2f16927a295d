/**
 * What is wrong with one thing, and what to do about it: the one shape of every error, finding and refusal that a person
 * reads. Short sentences without a full stop at their end; no secrets.
 */
export interface Diagnosis {
  /** What it is about: a host, a node, an add-on, or a check's name. */
  subject: string;
  /** What is wrong with it. */
  problem: string;
  /** What the person at the terminal should do. */
  action: string;
}
