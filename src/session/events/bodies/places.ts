import * as z from 'zod';
import type { SessionPaths } from '../../layout/paths.ts';
import type { SessionFile } from '../session-file.ts';

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
  cliPaths: z.record(z.string(), z.string()).optional(),
});
export type Places = z.infer<typeof Places>;

/** The session's choices as they stand in `session.json`, at the places that hold now. */
export function atPlaces(
  file: SessionFile,
  { sessionsDir, folder }: Pick<SessionPaths, 'sessionsDir' | 'folder'>,
  { configPath, mainRepo, worktreesDir, constraintsPath, mcpPath, cliPaths }: Places = {},
): SessionFile {
  return {
    ...file,
    // Whoever looks has found the folder where it is.
    sessionsDir,
    folder,
    ...(configPath !== undefined && { configPath }),
    ...(mainRepo !== undefined && { mainRepo }),
    ...(worktreesDir !== undefined && { worktreesDir }),
    settings: {
      ...file.settings,
      ...(constraintsPath !== undefined && { constraintsPath }),
      ...(mcpPath !== undefined && { mcpPath }),
      cliPaths: { ...file.settings.cliPaths, ...cliPaths },
    },
  };
}

/** Later ones count; a CLI that is not named stays where it was. */
export function withPlaces(before: Places | undefined, now: Places): Places {
  const cliPaths = { ...before?.cliPaths, ...now.cliPaths };
  return { ...before, ...now, ...(Object.keys(cliPaths).length > 0 && { cliPaths }) };
}
