import { basename } from 'node:path';
import type { ActionContext } from '../../../../core/caller/context/context.ts';
import { type Html, html } from '../../html/html.ts';
import type { SessionRow } from '../../rows/row.ts';

/** Editors that open a folder by an address, by the name of their program. */
const EDITORS: Readonly<Record<string, { scheme: string; title: string }>> = {
  code: { scheme: 'vscode', title: 'VS Code' },
  codium: { scheme: 'vscodium', title: 'VSCodium' },
  cursor: { scheme: 'cursor', title: 'Cursor' },
  windsurf: { scheme: 'windsurf', title: 'Windsurf' },
  zed: { scheme: 'zed', title: 'Zed' },
};

/**
 * Opens the worktree in the person's editor, on the device of the browser: the one that VISUAL or EDITOR names, VS Code
 * otherwise. Undefined if the session has no worktree.
 */
export function editorLink(facts: SessionRow['facts'], env: ActionContext['env']): Html | undefined {
  const { worktree } = facts;
  if (worktree === undefined || facts.archived) return undefined;
  const [program = ''] = (env.VISUAL || env.EDITOR || '').split(' ');
  const { scheme, title } = EDITORS[basename(program)] ?? { scheme: 'vscode', title: 'VS Code' };
  return html`<a class="button editor" href="${scheme}://file${worktree.split('/').map(encodeURIComponent).join('/')}" title="${worktree}">Open in ${title}</a>`;
}
