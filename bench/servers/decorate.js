// Decorators without a compiler: what TypeScript would emit for `@decorator` above a class or method.

/**
 * @param {((target: any) => any)[]} decorators  as they would stand above the class, top first
 * @param {any} target
 */
export function decorateClass(decorators, target) {
  for (const decorator of decorators.toReversed()) decorator(target);
}

/**
 * @param {any} target
 * @param {string} method
 * @param {MethodDecorator[]} decorators  as they would stand above the method, top first
 * @param {ParameterDecorator[]} parameters  one per parameter
 */
export function decorateMethod(target, method, decorators, parameters) {
  parameters.forEach((decorator, index) => decorator(target.prototype, method, index));
  const descriptor = /** @type {PropertyDescriptor} */ (
    Object.getOwnPropertyDescriptor(target.prototype, method)
  );
  for (const decorator of decorators.toReversed()) {
    decorator(target.prototype, method, descriptor);
  }
  Object.defineProperty(target.prototype, method, descriptor);
}
