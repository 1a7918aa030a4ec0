/** The mark of GAVIP: a star between the arms of a galaxy. */

import { LabIcon } from '@jupyterlab/ui-components';

import gavipSvg from '../../style/icons/gavip.svg';

export const gavipIcon = new LabIcon({ name: 'gavip:mark', svgstr: gavipSvg });
