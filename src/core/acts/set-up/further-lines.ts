import type { Cli } from '../../faces/terminal/cli.ts';
import { newRegistry } from '../../kernel/registry.ts';

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

export const furtherLines = newRegistry<FurtherLines>('further lines of .samocode');
