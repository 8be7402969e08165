import { readFile } from 'node:fs/promises';
import { systemErrorCode } from '../../kernel/errors.ts';
import { isSetNow, writtenNow } from './samocode-file.ts';

/** The settings that determine whether text written by others can reach the agents of a session. */
interface Reached {
  configPath: string;
  /** `rounds.used`: how many rounds were begun, perhaps by hand. */
  pullRequest?: { watched: boolean; rounds?: { used: number } } | undefined;
  /** Present if the session works on an issue. */
  issue?: unknown;
}

/** Whether text from others can reach the agents, so that GitHub and GitLab logins are hidden from them. */
export async function forgeLoginIsHidden(reached: Reached): Promise<boolean> {
  const { configPath, pullRequest, issue } = reached;
  if (issue !== undefined || pullRequest?.watched === true || pullRequest?.rounds?.used) return true;
  if ((await hidingLine(configPath)) !== undefined) return true;
  // What a file says that cannot be read may be such a line. One that is gone says nothing: the project was moved.
  return await readFile(configPath).then(
    () => false,
    (error: unknown) => systemErrorCode(error) !== 'ENOENT',
  );
}

/** The line of `.samocode` that lets text written by others reach agents. */
export async function hidingLine(configPath: string): Promise<string | undefined> {
  if (await isSetNow(configPath, 'PR_WATCH', 'on')) return 'PR_WATCH=on';
  return (await writtenNow(configPath, 'INTAKE_LABEL')) ? 'INTAKE_LABEL' : undefined;
}
