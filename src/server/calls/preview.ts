import type { Preview } from '../../actions/sessions/preview.ts';
import type { NextStep } from '../../base/acts.ts';
import type { ToolResult } from './tool.ts';

/**
 * A preview as the answer of a tool that acts only with `confirm`.
 * @param confirm the same act once more, carried out
 */
export function previewFields({ view, would, hindrances, next }: Preview, confirm: NextStep): ToolResult {
  const isFree = hindrances.length === 0;
  return {
    summary: isFree ? 'Nothing is done yet.' : 'Nothing is done, and it would be refused.',
    next: isFree
      ? [{ ...confirm, when: 'once the user has seen what it would do and agrees' }]
      : [{ act: 'clear_the_way' }, ...next],
    session: view.folder,
    would: isFree ? would : undefined,
    in_the_way: hindrances,
  };
}
