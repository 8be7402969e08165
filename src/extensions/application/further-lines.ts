import type { FurtherLines } from '../../core/acts/set-up/further-lines.ts';

export const APPLICATION_LINES: readonly FurtherLines[] = [
  async (...about) => (await import('./set-up/ask-application.ts')).askApplication(...about),
];
