import type { Phase } from '../phases/table.ts';

/** A question as the parent's tools give it. */
export interface DemoQuestion {
  id: string;
  text: string;
  options: readonly { letter: string; text: string }[];
  suggestion?: { letters: readonly string[]; reason: string } | undefined;
}

export interface DemoProgress {
  session: string;
  phase: Phase;
  child: number | undefined;
  state: string;
  doing?: string | undefined;
}

/** Where the demo is shown; the terminal's one lives in the CLI. */
export interface DemoScreen {
  /** A chapter begins. */
  chapter(title: string): void;
  line(text?: string): void;
  progress(progress: DemoProgress): void;
  /** What the parent says to the server. */
  toolCall(tool: string, about: string): void;
  question(question: DemoQuestion): void;
  answer(id: string, text: string): void;
  /** A long text, a plan or a diff, shown as it is. */
  quote(text: string): void;
  verdict(isGood: boolean, text: string): void;
}

/** The person: asked on a terminal, or played by the demo itself. */
export interface DemoPerson {
  answer(question: DemoQuestion): Promise<string>;
  /** @returns undefined for a yes, else what should be different */
  judgePlan(text: string): Promise<string | undefined>;
}
