// The map page. The page's inline script, written by folium (outputs/folium_map.py), declares the
// map, its base maps and its layers by calling what is below; everything else happens here.
import { MapPage } from "./map-page.js";

window.qpvmap = {
  map: (id, options) => new MapPage(document.getElementById(id), options),
  basemap: (page, spec) => page.basemaps.add(spec),
  layer: (page, spec) => page.addLayer(spec),
  start: (page) => page.start(),
};
