import { isSetNow } from './samocode-file.ts';

/** What decides whether other people's words can reach the agents of a session. */
interface Reached {
  configPath: string;
  pullRequest?: { watched: boolean } | undefined;
  /** A round was begun, perhaps by hand. */
  round?: unknown;
}

/** Whether the user's logins of GitHub and GitLab are hidden from agents: as soon as other people's words can reach them. */
export async function forgeLoginIsHidden({ configPath, pullRequest, round }: Reached): Promise<boolean> {
  return (
    round !== undefined || pullRequest?.watched === true || (await isSetNow(configPath, 'PR_WATCH', 'on'))
  );
}
