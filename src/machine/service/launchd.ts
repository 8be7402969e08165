import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import { ifExists } from '../../base/errors.ts';
import { statsAt } from '../../base/files/look-at.ts';
import { escapedMarkup } from '../../base/plain-words.ts';
import { supervisorPaths } from '../../providers/starting/supervisor-folder.ts';
import { succeeds } from './ask-program.ts';
import type { Service, ServiceStep, ServiceWork } from './service.ts';
import { serviceEnvironment } from './service-environment.ts';

const LABEL = 'dev.samocode.supervisor';

/** An agent of macOS's launchd. */
export const launchdService: Service = {
  name: 'launchd',
  isThere: (context) => succeeds('launchctl', ['version'], context),
  async installSteps(work) {
    const { context } = work;
    const path = plistPath(context);
    const text = plistText(work);
    const same = (await ifExists(readFile(path, 'utf8'))) === text;
    const isInstalled = same && (await succeeds('launchctl', ['print', `${domain()}/${LABEL}`], context));
    return isInstalled ? [] : startSteps(path, text);
  },
  uninstallSteps(context) {
    const path = plistPath(context);
    return statsAt(path) === undefined ? [] : [{ kind: 'remove', path }, bootout()];
  },
  async installedCommand(context) {
    const text = (await ifExists(readFile(plistPath(context), 'utf8'))) ?? '';
    const list = /<key>ProgramArguments<\/key>\s*<array>([\s\S]*?)<\/array>/.exec(text)?.[1] ?? '';
    return [...list.matchAll(/<string>([^<]*)<\/string>/g)].map(([, word = '']) => unescaped(word));
  },
  afterwards: 'It runs now and whenever you are logged in.',
};

function startSteps(path: string, text: string): ServiceStep[] {
  return [
    bootout(),
    { kind: 'write', path, text },
    { kind: 'run', program: 'launchctl', args: ['bootstrap', domain(), path] },
  ];
}

function bootout(): ServiceStep {
  return { kind: 'run', program: 'launchctl', args: ['bootout', `${domain()}/${LABEL}`], mayFail: true };
}

function domain(): string {
  return `gui/${process.getuid?.() ?? 501}`;
}

function plistPath({ home }: ActionContext): string {
  return join(home, 'Library', 'LaunchAgents', `${LABEL}.plist`);
}

// Workers outlive the supervisor: the process group is left alone when it ends.
function plistText({ command, context }: ServiceWork): string {
  const words = command.map((word) => `    <string>${escapedMarkup(word)}</string>`);
  const variables = Object.entries(serviceEnvironment(context)).map(
    ([name, value]) => `    <key>${name}</key><string>${escapedMarkup(value)}</string>`,
  );
  const { errors } = supervisorPaths(context.home, context.host);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0"><dict>',
    `  <key>Label</key><string>${LABEL}</string>`,
    '  <key>ProgramArguments</key><array>',
    ...words,
    '  </array>',
    '  <key>EnvironmentVariables</key><dict>',
    ...variables,
    '  </dict>',
    `  <key>StandardErrorPath</key><string>${escapedMarkup(errors)}</string>`,
    '  <key>RunAtLoad</key><true/>',
    '  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>',
    '  <key>ThrottleInterval</key><integer>30</integer>',
    '  <key>AbandonProcessGroup</key><true/>',
    '</dict></plist>',
    '',
  ].join('\n');
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
