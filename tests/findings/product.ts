import type { Finding } from './finding.ts';

/** Claude Desktop, the environment of sessions, the package, the clients' files. */
export const PRODUCT: readonly Finding[] = [
  {
    id: 'product A1, B3.1',
    fault: 'in Claude Desktop no session gets a worker: process.execPath is no Node there',
    seen: 'red',
    shownBy: [
      [
        'e2e/desktop.test.ts',
        'a server in an Electron UtilityProcess gives its session a worker and agents on a real Node',
      ],
      ['e2e/desktop.test.ts', 'the bundle starts as its manifest says, where PATH leads nowhere'],
      ['providers/find-node.test.ts', 'a Node that %s has installed is found without PATH'],
      [
        'scripts/desktop-launcher.test.ts',
        'without Node the first request, id %s, is answered by what is missing',
      ],
    ],
  },
  {
    id: 'product A3',
    fault: 'SETUP and CHECK run with the bare PATH of a GUI application',
    seen: 'red',
    shownBy: [
      [
        'e2e/login-shell.test.ts',
        'SETUP, CHECK and agents of a session that a desktop starts have what a login shell has, and no value of it is in any file',
      ],
      [
        'e2e/login-shell.test.ts',
        'a session from a terminal keeps its environment, and the start names credentials that a login shell lacks',
      ],
      [
        'e2e/login-shell.test.ts',
        'a worker that comes back reads the login shell again, and its fingerprint shows what has changed',
      ],
    ],
  },
  {
    id: 'product B3.2',
    fault: 'a command that is not found sends the work back three times',
    seen: 'red',
    shownBy: [
      [
        'e2e/missing-commands.test.ts',
        'a CHECK whose command the shell does not find blocks at once, and no agent is sent to repair it',
      ],
      [
        'e2e/missing-commands.test.ts',
        'a CHECK whose program SETUP has not installed blocks before the first agent',
      ],
      [
        'e2e/missing-commands.test.ts',
        'a SETUP whose command the shell does not find blocks before the first agent, and runs again after a resume',
      ],
      ['e2e/missing-commands.test.ts', 'a start with %o is refused with the sentence of setup_project'],
    ],
  },
  {
    id: 'product B1',
    fault: 'client files start a package that anybody may publish',
    seen: 'red',
    shownBy: [
      [
        'scripts/unpublished.test.ts',
        'nothing that people or clients read starts the package from npm, where anybody may take its name',
      ],
      ['actions/install/install.test.ts', 'a project shares the command on PATH, never a package of npm'],
      [
        'actions/install/install.test.ts',
        'a samocode in the cache of npx installs nothing that would start it',
      ],
      ['scripts/unpublished.test.ts', 'the package has no module that another program could import'],
    ],
  },
  {
    id: 'product B2',
    fault: 'install is silent, shows the wrong lines of an error, and leaves half of a failed client',
    seen: 'red',
    shownBy: [
      ['actions/install/install.test.ts', 'every step is reported when it begins, client by client'],
      [
        'actions/install/install.test.ts',
        'Gemini CLI keeps no memory of the folder that its command was run in',
      ],
      ['actions/install/install.test.ts', 'a table of Codex that is commented out is none'],
      [
        'actions/install/install.test.ts',
        'where the settings of Claude Code have comments, which its plugins refuse, the server alone is added',
      ],
      ['actions/install/install.test.ts', 'a client that fails half-way is left as it was before'],
      ['actions/install/install.test.ts', 'the step that failed is named, with the first lines of its error'],
    ],
  },
  {
    id: 'product B3.4',
    fault: 'uninstall leaves its entries when the clients are gone, and ends with 0',
    seen: 'red',
    shownBy: [
      [
        'actions/install/uninstall.test.ts',
        'without a single client on this machine an uninstall removes what is ours and keeps the rest',
      ],
      [
        'actions/install/uninstall.test.ts',
        'what an uninstall cannot remove is named, and everything else is removed',
      ],
      [
        'clis/install-and-uninstall.test.ts',
        'when every client has gone from this machine, an uninstall still gives it back as it was',
      ],
    ],
  },
  {
    id: 'product B2, byte by byte',
    fault: 'settings lose bytes of their person',
    seen: 'unconfirmed',
    instead:
      'Comments, CRLF and tabs had every byte again but in one case, an object that holds nothing but a comment. Codex itself turns CRLF into LF when it adds a plugin, which is undone now.',
  },
];
