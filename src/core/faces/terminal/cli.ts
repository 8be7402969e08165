import type { ActionContext } from '../../caller/context/context.ts';
import type { Output } from './output.ts';
import type { ScreenEvent, WholeScreen } from './whole-screen.ts';

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  blocked: 3,
  /** The session waits for a person, and there is no terminal to ask on; or a person does the rest by commands. */
  waiting: 4,
  /** EX_TEMPFAIL: a command was left for a worker, and is not done yet. */
  pending: 75,
  /** The status that shells report for Ctrl-C. */
  interrupted: 130,
} as const;

interface Choice {
  value: string;
  label: string;
}

/** Questions on a terminal. An answer is undefined if the person pressed Esc, Ctrl-C or Ctrl-D. */
export interface Menus {
  choose(message: string, options: Choice[], initialValue?: string): Promise<string | undefined>;
  chooseSeveral(message: string, options: Choice[], initialValues: string[]): Promise<string[] | undefined>;
  /** @param validate returns a problem of the text, which repeats the question */
  write(message: string, validate: (typed: string) => string | undefined): Promise<string | undefined>;
  secret(message: string): Promise<string | undefined>;
  confirm(message: string, enter?: boolean): Promise<boolean | undefined>;
  /** Waits until the person presses `q` or Enter; the label names the next step. */
  pause(label: string): Promise<unknown>;
}

/** The environment of every command; only `main.ts` reads it from the process. */
export interface Cli {
  readonly output: Output;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The command line that started this program: `samocode`, or node and its file. */
  readonly calledAs: string;
  readonly programsDir: string;
  readonly isInteractive: boolean;
  /** `--no-pager`: long texts are printed directly. */
  readonly noPager?: boolean;
  readonly interrupted: AbortSignal;
  /** Reads one line from the person. @throws the reason when it is aborted or the input ends */
  ask(question: string): Promise<string>;
  /** Absent on dumb terminals and in pipes. */
  menus?: () => Promise<Menus>;
  /** Full-screen mode; absent on dumb terminals, in pipes and with `--json`. */
  screen?: (listener: (event: ScreenEvent) => void) => WholeScreen;
  /** Hands over the parts of a supervisor that extensions add; called once, before one runs in this process. */
  useSupervisorParts(): Promise<void>;
  /** The context for use cases; loaded when a command needs it. */
  actionContext(): Promise<ActionContext>;
  leaveWith(code: number): void;
}
