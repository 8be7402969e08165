import type { Setting } from '../../../core/project/git/git-programs.ts';

/**
 * The address and settings by which git reaches a repository on GitHub unattended: with gh's login, and without an
 * SSH agent or a prompt.
 * @param repository `host/owner/name`
 */
export function gitHubAccess(repository: string): { url: string; config: [none: Setting, own: Setting] } {
  const own: Setting = [`credential.https://${repository.split('/')[0]}.helper`, '!gh auth git-credential'];
  // An empty helper resets the configured ones.
  return { url: `https://${repository}.git`, config: [['credential.helper', ''], own] };
}
