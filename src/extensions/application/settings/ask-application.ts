import type { FurtherLines } from '../../../core/acts/set-up/further-lines.ts';
import { askYesNo } from '../../../core/faces/terminal/ask.ts';
import { applicationText, proposedApplication } from './proposed-application.ts';

/** Ports and services that the repository's files suggest; unlike a check, none is used without an answer. */
export const askApplication: FurtherLines = async (cli, top, { given, isSaid }) => {
  if (given.PORTS !== undefined || !(isSaid || cli.isInteractive)) return {};
  const proposed = await proposedApplication(top);
  if (proposed === undefined) return {};
  cli.output.say(applicationText(proposed));
  const question = 'Write these lines? The programs that they name have to be installed.';
  if (isSaid) cli.output.say('To use them, write these lines into .samocode.');
  else if ((await askYesNo(cli, question)) === true) return proposed.lines;
  return {};
};
