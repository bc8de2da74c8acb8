/** What the Nest CLI runs schematics with. */
export { callRule, HostTree } from '@angular-devkit/schematics';
