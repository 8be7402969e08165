import type { SessionPaths } from '../layout/paths.ts';
import type { Places } from './bodies/places.ts';
import type { SessionFile } from './session-file.ts';

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
    configPath: configPath ?? file.configPath,
    mainRepo: mainRepo ?? file.mainRepo,
    worktreesDir: worktreesDir ?? file.worktreesDir,
    settings: {
      ...file.settings,
      constraintsPath: constraintsPath ?? file.settings.constraintsPath,
      mcpPath: mcpPath ?? file.settings.mcpPath,
      cliPaths: { ...file.settings.cliPaths, ...cliPaths },
    },
  };
}
