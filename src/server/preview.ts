import type { NextStep } from '../base/acts.ts';
import type { ToolResult } from './tool.ts';

interface Preview {
  session: string;
  would: readonly string[];
  hindrances: readonly string[];
  /** The same act once more, carried out. */
  confirm: NextStep;
}

/** What an act would do that only happens with `confirm`, or why it would be refused. */
export function previewFields({ session, would, hindrances, confirm }: Preview): ToolResult {
  const isFree = hindrances.length === 0;
  return {
    summary: isFree ? 'Nothing is done yet.' : 'Nothing is done, and it would be refused.',
    next: isFree
      ? [{ ...confirm, when: 'once the user has seen what it would do and agrees' }]
      : [{ act: 'clear_the_way' }],
    session,
    would: isFree ? would : undefined,
    in_the_way: hindrances,
  };
}
