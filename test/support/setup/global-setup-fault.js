/**
 * Why this exists: Jest runs it once before the `fault` project. Those tests start, cut and kill a real
 * Redis of their own.
 */
import { ensure } from './prerequisites.js';

export default function globalSetup() {
  ensure('redis');
}
