import * as z from 'zod';

export const CliPaths = z.record(z.string(), z.string());

/** Where things stand now that stood elsewhere at the start; what is absent stands where it did. */
export const Places = z.object({
  /** The `.samocode` that was read. */
  configPath: z.string().optional(),
  mainRepo: z.string().optional(),
  worktreesDir: z.string().optional(),
  /** The session's own worktree. */
  worktreePath: z.string().optional(),
  constraintsPath: z.string().optional(),
  mcpPath: z.string().optional(),
  /** CLIs by provider. */
  cliPaths: CliPaths.optional(),
});
export type Places = z.infer<typeof Places>;

/** Later ones count; a CLI that is not named stays where it was. */
export function withPlaces(before: Places | undefined, now: Places): Places {
  const cliPaths = { ...before?.cliPaths, ...now.cliPaths };
  return { ...before, ...now, ...(Object.keys(cliPaths).length > 0 && { cliPaths }) };
}
