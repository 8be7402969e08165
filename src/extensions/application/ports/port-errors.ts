import { errors } from '../../../core/kernel/errors.ts';

interface Taken {
  name: string;
  port: number;
  pid?: number | undefined;
  command?: string | undefined;
}

export const PORT_ERRORS = errors({
  port_taken: ({ name, port, pid, command }: Taken) => ({
    what: `The services of this session were not started: port ${port} (${name}) is in use.`,
    why:
      pid === undefined
        ? 'A program that cannot be seen from here listens on it.'
        : `Process ${pid} listens on it${command ? `: ${command}` : ''}.`,
    hint: 'Ports of a session do not change, so end that program and resume the session.',
  }),
  ports_used_up: ({ folder, count }: { folder: string; count: number }) => ({
    what: `The ${count} ports that a session needs were not reserved.`,
    why: 'All ports from 20000 to 29999 are reserved by other sessions or in use.',
    hint: `Archive or discard sessions that have ended, which releases their ports. The reservations are the files in ${folder}.`,
  }),
});
