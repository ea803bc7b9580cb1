/* Institutions, sites and cameras as several pages need them: asked for once per page, joined here. */

/** All that the user may see: {institutions, sites, cameras, zoneOf(camera), siteOf(camera), nameOf(institution)}. */
export async function places(api, { retired = false } = {}) {
  const [institutions, sites, cameras] = await Promise.all([api.all("institutions"), api.all("sites"), api.all("cameras", { retired: retired || null }, 50000)]);
  const siteById = new Map(sites.map((site) => [site.id, site]));
  const institutionById = new Map(institutions.map((institution) => [institution.id, institution]));
  const cameraById = new Map(cameras.map((camera) => [camera.id, camera]));
  return {
    institutions, sites, cameras,
    camera: (id) => cameraById.get(id),
    cameraName: (id) => cameraById.get(id)?.name ?? id,
    siteOf: (camera) => siteById.get(camera.site),
    zoneOf: (camera) => siteById.get(camera?.site)?.time_zone,
    zoneOfInstitution: (id) => sites.find((site) => site.institution === id)?.time_zone,
    nameOf: (id) => institutionById.get(id)?.name ?? id,
  };
}

/** Where a camera that was fetched by itself is: {zone, owner}. */
export async function placeOf(api, camera) {
  const institution = await api.get(`institutions/${camera.institution}`);
  return { owner: institution, zone: institution.sites.find((site) => site.id === camera.site)?.time_zone };
}
