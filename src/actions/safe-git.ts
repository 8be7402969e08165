import { parseJson } from '../base/parse-json.ts';
import { plainText } from '../base/plain-file.ts';
import { commonDirOf } from '../project/common-dir.ts';
import {
  GitSettings,
  MAX_SETTINGS_BYTES,
  readGitSettings,
  withoutNewPrograms,
} from '../project/git-settings-guard.ts';
import type { GitContext } from '../project/repository.ts';
import type { SessionView } from '../session/status.ts';
import type { ActionContext } from './context.ts';

/**
 * How git is run on a session's worktree outside of its worker: programs that its settings did not name before
 * its first child are not started.
 */
export async function safeGit(view: SessionView, { env }: Pick<ActionContext, 'env'>): Promise<GitContext> {
  const plain = { baseEnv: env };
  const { sessionFile, state, paths } = view;
  if (sessionFile === undefined) return plain;
  const text = await plainText(paths.gitSettings, MAX_SETTINGS_BYTES);
  const before = GitSettings.safeParse(parseJson(text ?? ''));
  const commonDir = await commonDirOf(sessionFile.mainRepo, plain);
  const worktreePath = state.worktree?.path;
  const now = await readGitSettings(
    { commonDir, ...(worktreePath !== undefined && { worktreePath }) },
    plain,
  ).catch(() => undefined);
  if (now === undefined) return plain;
  return { ...plain, config: withoutNewPrograms(before.success ? before.data : NOTHING, now, env) };
}

/** Unknown what stood there: then nothing of the repository is started. */
const NOTHING: GitSettings = { files: {} };
