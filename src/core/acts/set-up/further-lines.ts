import type { Cli } from '../../faces/terminal/cli.ts';

/** Suggests lines for a new `.samocode` that can be empty, and asks whether they are wanted. */
export type FurtherLines = (
  cli: Cli,
  top: string,
  options: {
    /** Those of `--set`. */
    given: Record<string, string>;
    /** With `--yes`: nothing is asked. */
    isSaid: boolean;
  },
) => Promise<Record<string, string>>;

declare module '../../kernel/extension.ts' {
  interface Extension {
    furtherLines?: FurtherLines;
  }
}
