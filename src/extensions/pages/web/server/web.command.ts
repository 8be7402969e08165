import { type Command, InvalidArgumentError } from 'commander';
import type { Cli } from '../../../../core/faces/terminal/cli.ts';
import { type SharedOptions, withSharedOptions } from '../../../../core/faces/terminal/shared-options.ts';
import { WEB_ERRORS } from '../web-errors.ts';

interface WebOptions extends SharedOptions {
  open?: true;
  port?: number;
  code?: true;
  host: string[];
  listen: string;
  tlsProxy?: URL;
}

const LOOPBACK = /^(?:127\.0\.0\.1|::1|localhost)$/;

export function addWeb(program: Command, cli: Cli): void {
  withSharedOptions(program.command('web'))
    .description('Serve a live page for your browser: all sessions, their gates and their work')
    .option('--open', 'open it in the browser')
    .option('--code', 'show six digits that open the page on another device, once, within 30 seconds')
    .option('--port <number>', 'the port, or the next free one of ten (default: 4577)', portNumber)
    .option('--host <name...>', 'another host name for the page, such as that of a tunnel', [])
    .option(
      '--listen <address>',
      'the address to listen on; any other than 127.0.0.1 needs --tls-proxy',
      '127.0.0.1',
    )
    .option('--tls-proxy <address>', 'the https address of a proxy in front of it', proxyAddress)
    .action(async (options: WebOptions) => await serve(options, cli));
}

async function serve(options: WebOptions, cli: Cli): Promise<void> {
  const { open, port, host: hosts, listen, tlsProxy: proxy } = options;
  if (!LOOPBACK.test(listen) && proxy === undefined) throw WEB_ERRORS.proxy_needed({ address: listen });
  const [{ addressWithCode, openWeb, runWeb, WEB_DEFAULTS }, { showInTerminal: showDigits }] =
    await Promise.all([import('./run-web.ts'), import('./terminal-digits.ts')]);
  const context = await cli.actionContext();
  // A model must not see a code: its holder acts as the person.
  const isPerson = context.by.channel === 'cli';
  if (options.code && !isPerson) throw WEB_ERRORS.code_needs_person();
  const { output, interrupted } = cli;
  const failed = (error: unknown) => output.error(error);
  const place = { port: port ?? WEB_DEFAULTS.port, listen, hosts, proxy };
  const web = await runWeb({ ...place, showDigits, interrupted, failed }, context);
  const { served, alone, ended } = web;
  if (alone !== undefined)
    output.warn(
      `The config folder cannot be written (${alone}): a second "samocode web" will not find this one.`,
    );
  const code = options.code && (await web.newCode('digits'));
  const address = isPerson && !code ? await addressWithCode(web) : served.address;
  const facts = { address, code, onlyShows: served.onlyShows, started: ended !== undefined };
  output.result(facts, () => (output.isLive ? startedText({ ...facts, isPerson }, cli) : (code ?? address)));
  const problem = open && (await openWeb(web, context, { interrupted }));
  if (problem) output.warn(problem);
  await ended;
}

interface Facts {
  address: string;
  code: string | undefined;
  onlyShows: boolean;
  started: boolean;
  isPerson: boolean;
}

function startedText({ address, code, onlyShows, started, isPerson }: Facts, { output }: Cli): string {
  const { accent, good } = output.style;
  const opens = 'once, within 30 seconds';
  const use = onlyShows
    ? '  It is read-only: an agent CLI started it. In a terminal of your own it also acts.'
    : code
      ? `  Type it on the page of the other device, at ${address} or where your tunnel ends. It opens the page ${opens}; five wrong tries end it.`
      : isPerson
        ? `  It opens the page ${opens}, and whoever opens it acts as you. "samocode web" in another terminal makes another.`
        : '  It has no key; a tab that is open passes its own on.';
  return [
    `${good('✔')} ${accent(code ?? address)}`,
    use,
    started ? '  Ctrl-C ends it; so do 12 hours without use.' : '  It is already running.',
  ].join('\n');
}

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('It must be a port, 1 to 65535.');
}

function proxyAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:') return url;
  throw new InvalidArgumentError('It must be an https address, such as https://samocode.example.org.');
}
