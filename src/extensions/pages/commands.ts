import type { AddCommand } from '../../core/faces/terminal/shared-options.ts';
import { addReport } from './report/report.command.ts';
import { addReview } from './review/review.command.ts';
import { addWatch } from './watch/watch.command.ts';
import { addWeb } from './web/server/web.command.ts';

export const PAGES_COMMANDS: Readonly<Record<string, AddCommand>> = {
  watch: addWatch,
  web: addWeb,
  report: addReport,
  review: addReview,
};
