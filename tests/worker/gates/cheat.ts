import type { CheatKit } from './cheat-kit.ts';

/** One way to get past a gate that is not a person's act. A case is one entry of a table. */
export interface Cheat {
  /** Completes "the gate stays closed when a child …". */
  name: string;
  /** What the child does before its honest signal; a signal that it writes itself stands instead. */
  play(kit: CheatKit): unknown;
  /** Played by what the child leaves running, a second after the start of `play`. */
  late?(kit: CheatKit): unknown;
  /** What the record must show: a forgery or a refusal, in its words. */
  seen?: RegExp;
}

/** The waits that only a person ends, each with the phase whose children play the cheats. */
export const GATES = {
  qa: { waitsFor: 'qa_answers', phase: 'requirements' },
  plan: { waitsFor: 'plan_approval', phase: 'planning' },
  replan: { waitsFor: 'plan_approval', phase: 'implementation' },
} as const;
export type GateName = keyof typeof GATES;

/** What the test tells the next child, in a file beside the scenario. */
export interface NextCheat {
  cheat: string;
}
/** Says at which gate of the session the cases are played. */
export const GATE_FILE = 'gate.json';
/** A cheat could not be played, or one of our own programs did not refuse it: what was said. */
export const FAILED = 'failed-cheat.txt';
export const NEXT_CHEAT = 'next-cheat.json';
/** The name that the child gives to it: a child that finds this one is a later one, and honest. */
export const PLAYED = 'played-cheat.json';
