import type { Phase } from '../phases/table.ts';

/** A question as the parent's tools give it. */
export interface DemoQuestion {
  id: string;
  text: string;
  /** `A) its text`. */
  options: readonly string[];
  /** `B - why`. */
  suggestion?: string | undefined;
}

export interface DemoProgress {
  session: string;
  phase: Phase;
  /** The session's running number of the child that works; undefined while none does. */
  child: number | undefined;
  state: string;
  doing?: string | undefined;
}

/** Where the demo is shown; the terminal's one lives in the CLI. */
export interface DemoScreen {
  /** Somebody looks: what happens between two changes of state is worth asking for. */
  readonly isWatched: boolean;
  /** A chapter begins. */
  chapter(title: string): void;
  line(text: string): void;
  /** What the parent asks of the server. */
  toolCall(tool: string, about?: string): void;
  progress(progress: DemoProgress): void;
  /** A child has ended and said what it did. */
  ended(phase: Phase, did: string): void;
  question(question: DemoQuestion): void;
  /** A plan, a diff: shown as it is. */
  quote(text: string): void;
}

/** The person: asked on a terminal, or played by the demo itself. */
export interface DemoPerson {
  answer(question: DemoQuestion): Promise<string>;
  /** @returns undefined for a yes, else what should be different */
  judgePlan(): Promise<string | undefined>;
}
