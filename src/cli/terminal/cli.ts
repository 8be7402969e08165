import type { ActionContext } from '../../actions/acting/context.ts';
import type { Output } from './output.ts';
import type { ScreenEvent, WholeScreen } from './whole-screen.ts';

/** How `samocode` ends, for scripts. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  blocked: 3,
  /** Waits for a person, and nobody could be asked. */
  waiting: 4,
  /** As a shell reports Ctrl-C. */
  interrupted: 130,
} as const;

interface Choice {
  value: string;
  label: string;
}

/** Questions on a terminal. Each answer is undefined where the person pressed Esc, Ctrl-C or Ctrl-D. */
export interface Menus {
  choose(message: string, options: Choice[], initialValue?: string): Promise<string | undefined>;
  chooseSeveral(message: string, options: Choice[], initialValues: string[]): Promise<string[] | undefined>;
  /** @param problemOf what is wrong with a text, which is then asked for again */
  write(message: string, problemOf: (typed: string) => string | undefined): Promise<string | undefined>;
  /** What is typed is not shown. */
  secret(message: string): Promise<string | undefined>;
  confirm(message: string): Promise<boolean | undefined>;
}

/** What every command is given; only `main.ts` reads it from the process. */
export interface Cli {
  readonly output: Output;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** How this program is called here: `samocode`, or node and its file. */
  readonly calledAs: string;
  /** The folder of the built programs. */
  readonly programsDir: string;
  /** A person sits at the terminal and may be asked. */
  readonly isInteractive: boolean;
  /** `--no-pager`: long texts are printed at once. */
  readonly noPager?: boolean;
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal;
  /** One line from the person, without its end. @throws the reason when it is aborted or the input ends */
  ask(question: string): Promise<string>;
  /** Menus for the person; absent where a terminal can only show lines, and in pipes. */
  menus?: () => Promise<Menus>;
  /** The whole terminal and its keys; absent where it can only show lines, in pipes, and with `--json`. */
  screen?: (heard: (event: ScreenEvent) => void) => WholeScreen;
  /** For the use cases; loaded when a command needs it. */
  actionContext(): Promise<ActionContext>;
  /** Sets the exit status. */
  leaveWith(code: number): void;
}
