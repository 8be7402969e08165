import type { Command } from './commands.ts';

/** What a refused command did not do: the first sentence of its refusal, whatever the reason is. */
export const NOT_DONE: Readonly<Record<Command['kind'], string>> = {
  start: 'No session was started.',
  answer: 'No answer was recorded.',
  approve: 'The plan was not approved.',
  request_changes: 'The plan was not sent back.',
  message: 'The message was not stored.',
  withdraw_message: 'No message was withdrawn.',
  stop: 'Nothing was stopped.',
  resume: 'The session was not resumed.',
  archive: 'Nothing was moved.',
  unarchive: 'Nothing was moved.',
  merge: 'Nothing was merged.',
  publish: 'Nothing was published.',
  pull_request: 'The pull request is not watched.',
  round: 'No round was begun.',
  services: 'No service was started or stopped.',
  discard: 'Nothing was discarded.',
  rewind: 'The session was not rewound.',
};
