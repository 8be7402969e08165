import { errors } from '../../../core/kernel/errors.ts';
import { counted } from '../../../core/kernel/text.ts';

export const WEB_ERRORS = errors({
  no_such_act: ({ act }: { act: string }) => ({
    what: 'Nothing was done.',
    why: `The page has no act "${act.slice(0, 40)}".`,
    hint: 'Reload the page: samocode may have been updated.',
  }),
  session_gone: () => ({
    what: 'Nothing was done.',
    why: 'This session is no longer here: it was archived, discarded or moved.',
    hint: 'Choose another session from the list.',
  }),
  state_changed: () => ({
    what: 'Nothing was decided.',
    why: 'The session has changed since this was shown.',
    hint: 'Read what has changed, and decide again.',
  }),
  plan_changed: () => ({
    what: 'Nothing was decided.',
    why: 'The plan has changed since it was shown here.',
    hint: 'Read what has changed, and decide again.',
  }),
  comments_not_sent: () => ({
    what: 'The plan was not approved.',
    why: 'You have written comments, which an approval would lose.',
    hint: 'Request changes, or delete the comments.',
  }),
  no_comments: () => ({
    what: 'Nothing was sent.',
    why: 'There is no comment.',
    hint: 'Write one, below a line of the changes or below a picture.',
  }),
  not_a_number: ({ text }: { text: string }) => ({
    what: 'Nothing was done.',
    why: `"${text.slice(0, 40)}" is not a number.`,
    hint: 'A limit is a number, 0 or more.',
  }),
  only_shows: () => ({
    what: 'Nothing was done.',
    why: 'This page was started by an agent CLI, so it is read-only.',
    hint: 'In a terminal of your own: samocode web --open',
  }),
  no_digits: ({ pid }: { pid: number }) => ({
    what: 'This tab cannot be confirmed.',
    why: `The program that serves the page has no terminal in which it could show six digits: it runs in the background, as a service or in a container (process ${pid}).`,
    hint: 'End it, and run "samocode web" in a terminal. Or decide there: samocode answer, approve or finish.',
  }),
  too_many_digits: ({ minutes }: { minutes: number }) => ({
    what: 'This tab was not confirmed.',
    why: 'Too many wrong digits were typed.',
    hint: `samocode web or watch shows new ones in its terminal. They count in ${counted(minutes, 'minute')}.`,
  }),
  wrong_digits: ({ isNew }: { isNew: boolean }) => ({
    what: 'This tab was not confirmed.',
    why: isNew ? 'These digits are not valid any more.' : 'These digits are wrong.',
    hint: isNew
      ? 'Type the new ones, which samocode web or watch shows in its terminal now.'
      : 'Type those that samocode web or watch shows in its terminal.',
  }),
  no_port: ({ from, to }: { from: number; to: number }) => ({
    what: 'The page was not started.',
    why: `All ports from ${from} to ${to} are taken.`,
    hint: 'Choose another one: samocode web --port <number>',
  }),
  not_listening: ({ address, code }: { address: string; code: string }) => ({
    what: 'The page was not started.',
    why: `It could not listen on ${address} (${code}).`,
    hint: 'Choose an address of this machine, or omit --listen.',
  }),
  page_silent: ({ path, pid, seconds }: { path: string; pid: number | undefined; seconds: number }) => ({
    what: 'The page was not started.',
    why: `${pid === undefined ? 'Another program' : `Process ${pid}`} holds ${path} and did not respond within ${seconds} s. Ctrl-Z in its terminal stops it so.`,
    hint: `Type "fg" in that terminal, or end the process${pid === undefined ? '' : `: kill -KILL ${pid}`}. Then run this command again.`,
  }),
  code_needs_person: () => ({
    what: 'No code was made.',
    why: 'Anyone who has the code acts as the person on the page, and this call could come from a model.',
    hint: 'In a terminal of your own: samocode web --code',
  }),
  proxy_needed: ({ address }: { address: string }) => ({
    what: 'The page was not started.',
    why: `Anyone on the network path to ${address} could read the token in transit: an address other than this machine's own needs a TLS proxy in front of it.`,
    hint: 'Add --tls-proxy https://name, with the name that the proxy serves; or forward the port over SSH instead.',
  }),
});
