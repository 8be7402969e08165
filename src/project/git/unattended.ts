import type { Setting } from './git-programs.ts';

/**
 * How git reaches a repository on GitHub while nobody is there: no key of an ssh agent, no prompt, only gh's login.
 * @param repository `host/owner/name`
 */
export function unattended(repository: string): { url: string; config: [none: Setting, own: Setting] } {
  const own: Setting = [`credential.https://${repository.split('/')[0]}.helper`, '!gh auth git-credential'];
  // An empty helper makes git forget those of its settings.
  return { url: `https://${repository}.git`, config: [['credential.helper', ''], own] };
}
