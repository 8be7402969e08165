import type { Command } from 'commander';
import { commentsMessage } from '../../../core/caller/facts/line-comments.ts';
import { askYesNo } from '../../../core/faces/terminal/ask.ts';
import type { Cli } from '../../../core/faces/terminal/cli.ts';
import { CLI_ERRORS } from '../../../core/faces/terminal/cli-errors.ts';
import { commentsOn, Drafts } from '../../../core/faces/terminal/drafts.ts';
import { printDone } from '../../../core/faces/terminal/print-done.ts';
import {
  projectOf,
  type SharedOptions,
  withSharedOptions,
} from '../../../core/faces/terminal/shared-options.ts';
import { shellWord } from '../../../core/kernel/shell-quoted.ts';
import { counted } from '../../../core/kernel/text.ts';

export function addReview(program: Command, cli: Cli): void {
  withSharedOptions(program.command('review <session> [path]'))
    .description('Comment in your editor on the diff, or on the plan that waits for approval')
    .action(async (session: string, path: string | undefined, options: SharedOptions) => {
      if (!cli.isInteractive)
        throw CLI_ERRORS.usage({
          why: 'review opens an editor, but this is not a terminal.',
          hint: `samocode message ${shellWord(session)} "src/a.ts:12: …" sends a comment.`,
        });
      const { openReview, sendReview } = await import('./review-session.act.ts');
      const question = { session, ...projectOf(options), path };
      const review = await openReview(question, await cli.actionContext());
      const { uncommitted, isCut, of, lines } = review;
      if (lines.join('') === '') return cli.output.say(`Nothing to comment on: no text in ${review.title}.`);
      if (uncommitted.length > 0)
        cli.output.warn(`Not shown: the uncommitted changes in ${counted(uncommitted.length, 'file')}.`);
      if (isCut) cli.output.warn('The diff is too long and was cut: name a path to see the rest.');
      await using drafts = new Drafts(cli, review.view);
      const name = of === 'plan' ? 'comments.md' : 'review.diff';
      const comments = await commentsOn(drafts, { name, lines });
      if (comments.length === 0) return cli.output.say('No comment was written; nothing was sent.');
      cli.output.say(`\n${commentsMessage(review, comments, review).message}\n`);
      if (!(await askYesNo(cli, `Send ${counted(comments.length, 'comment')}?`, true)))
        return cli.output.say('Nothing was sent.');
      const sent = await sendReview(question, { review, comments }, await cli.actionContext());
      await drafts.recorded();
      const { stale, as, ...acted } = sent;
      const note = `For ${counted(stale, 'comment')}, the message notes that the line has changed since.`;
      const facts = { as, comments: comments.length, stale };
      printDone(cli, acted, { facts, lines: stale > 0 ? [note] : [] });
    });
}
