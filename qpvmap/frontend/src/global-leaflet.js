// Leaflet's plugins look for a global `L`: it has to be there before they are imported.
import L from "leaflet";

window.L = L;

export default L;
