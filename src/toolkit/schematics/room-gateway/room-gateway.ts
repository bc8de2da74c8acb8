import type { Rule } from '@angular-devkit/schematics';
import { locateFolder, locateSources, writeFiles } from './files.js';
import { nameGateway, type RoomGatewayOptions } from './names.js';
import { importRoomgateModule, loadNestSchematics, wireIntoNearestModule } from './wiring.js';

/**
 * `nest g -c nestjs-roomgate room-gateway <name>`: a typed gateway, its spec, its place in the
 * nearest module, and RoomgateModule in the root module where the app lacks it. A rule is only a function, so the devkit is needed for its types alone.
 */
export function roomGateway(options: RoomGatewayOptions): Rule {
  return async (tree, context) => {
    refuseJavaScript(options.language);
    const names = nameGateway(options);
    const folder = locateFolder(tree, names, options);

    writeFiles(tree, folder, names, options);

    if (options.skipImport && !options.format) return;
    const nest = await loadNestSchematics();
    if (!options.skipImport) {
      wireIntoNearestModule(nest, tree, context, folder, names);
      importRoomgateModule(nest, tree, context, locateSources(tree, options));
    }
    if (options.format) return nest.formatFiles();
  };
}

function refuseJavaScript(language = 'ts'): void {
  if (language === 'ts') return;
  throw new Error(
    `room-gateway writes TypeScript only, and nest-cli.json asks for "${language}": ` +
      'set "language" to "ts", or write the gateway by hand.',
  );
}
