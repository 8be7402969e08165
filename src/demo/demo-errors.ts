import { errors } from '../base/errors.ts';

export const DEMO_ERRORS = errors({
  demo_rested: ({ summary, reason = '' }: { summary: string; reason?: string }) => ({
    what: 'The demo did not finish.',
    why: `${summary} ${reason}`.trim(),
    hint: 'Read session.log in the folder that was kept.',
  }),
  tool_refused: ({ tool, message, hint }: Refused) => ({
    what: `The tool ${tool} refused.`,
    why: message,
    hint,
  }),
});

/** `code`: the server's own. */
interface Refused {
  tool: string;
  code: string;
  message: string;
  hint: string;
}
