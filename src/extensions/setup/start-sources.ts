import type { StartSource } from '../../core/acts/sessions/start-sources.ts';

export const TICKETS: readonly StartSource[] = [
  { kind: 'ticket', resolve: async ({ issue }) => ({ task: `Ticket ${issue}`, words: `ticket-${issue}` }) },
];
