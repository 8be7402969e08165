import { WORKTREE_ERRORS } from './worktree-errors.ts';

/**
 * The branch of a session: its folder's name without the date, after `<prefix>/` if there is one. Characters that git
 * refuses in branch names (old folders have spaces, dots, colons) become hyphens.
 */
export function branchOf(sessionFolder: string, prefix = ''): string {
  const name = sessionFolder
    .replace(/^\d{2}-\d{2}-\d{2}-(?=.)/, '')
    .replace(/[^\p{L}\p{M}\p{N}._-]+|\.{2,}/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .replace(/\.lock$/i, '-lock');
  const part = prefix.replace(/\/+$/, '');
  return part ? `${part}/${name || 'session'}` : name || 'session';
}

const MAX_CHARACTERS = 200;
const NEVER = /[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|^[-./]|[./]$|^(?:@|HEAD)$/u;

export function requireBranchName(name: string): string {
  const trimmed = name.trim();
  if (trimmed === '' || trimmed.length > MAX_CHARACTERS || NEVER.test(trimmed))
    throw WORKTREE_ERRORS.bad_branch_name({ name: trimmed });
  return trimmed;
}
