import type { ToolResult } from './tool.ts';

interface Preview {
  session: string;
  would: readonly string[];
  hindrances: readonly string[];
}

/** What an act would do that only happens with `confirm`, or why it would be refused. */
export function previewFields({ session, would, hindrances }: Preview): ToolResult {
  const isFree = hindrances.length === 0;
  return {
    summary: isFree ? 'Nothing is done yet.' : 'Nothing is done, and it would be refused.',
    next: isFree
      ? 'tell the human what it would do; on their word again with confirm: true'
      : 'tell the human what is in the way',
    session,
    would: isFree ? would : undefined,
    in_the_way: hindrances,
  };
}
