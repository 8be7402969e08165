// Reserves two ports as the owner named in its arguments, and prints them.
import { applicationRunner } from '../../../../src/extensions/application/runner.ts';

// The bundler defines it for programs.
Object.assign(globalThis, { __FAULTS__: false });
const [, , home = '', id = '', file = ''] = process.argv;
const owner = { id, while: file, name: id };
const ports = await applicationRunner(() => home).reserve(owner, ['web', 'db'], 'own');
console.log(JSON.stringify(Object.values(ports)));
