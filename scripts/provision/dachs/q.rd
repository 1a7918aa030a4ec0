<resource schema="gaiadr3" resdir="gaia">
  <meta name="title">Gaia DR3 bright stars</meta>
  <meta name="creationDate">2026-11-01T00:00:00Z</meta>
  <meta name="description">The 482,106 sources of Gaia DR3 brighter than G = 10 mag:
    positions and broad-band photometry.</meta>
  <meta name="subject">catalogs</meta>
  <meta name="creator">ESA/Gaia/DPAC</meta>
  <meta name="rights">CC BY-SA 3.0 IGO, ESA/Gaia/DPAC</meta>
  <meta name="schema-rank">1</meta>

  <table id="gaia_source_lite" onDisk="True" adql="True" mixin="//scs#q3cindex"
      primary="source_id">
    <meta name="description">A few columns of gaiadr3.gaia_source, for G &lt; 10 mag.</meta>
    <index columns="phot_g_mean_mag"/>
    <column name="source_id" type="bigint" required="True"
        ucd="meta.id;meta.main" tablehead="Source" verbLevel="1"
        description="Unique source identifier in Gaia DR3"/>
    <column name="ra" type="double precision" unit="deg" required="True"
        ucd="pos.eq.ra;meta.main" tablehead="RA" verbLevel="1"
        description="Right ascension, ICRS, epoch 2016.0"/>
    <column name="dec" type="double precision" unit="deg" required="True"
        ucd="pos.eq.dec;meta.main" tablehead="Dec" verbLevel="1"
        description="Declination, ICRS, epoch 2016.0"/>
    <column name="phot_g_mean_mag" type="real" unit="mag"
        ucd="phot.mag;em.opt" tablehead="G" verbLevel="1"
        description="Mean magnitude in the G band, Vega scale"/>
    <column name="phot_bp_mean_mag" type="real" unit="mag"
        ucd="phot.mag;em.opt.B" tablehead="BP" verbLevel="1"
        description="Mean magnitude in the BP band, Vega scale"/>
    <column name="phot_rp_mean_mag" type="real" unit="mag"
        ucd="phot.mag;em.opt.R" tablehead="RP" verbLevel="1"
        description="Mean magnitude in the RP band, Vega scale"/>
    <column name="bp_rp" type="real" unit="mag"
        ucd="phot.color;em.opt.B;em.opt.R" tablehead="BP - RP" verbLevel="1"
        description="BP - RP colour"/>
  </table>

  <data id="import">
    <sources pattern="data/stars.csv"/>
    <csvGrammar/>
    <make table="gaia_source_lite">
      <rowmaker idmaps="*"/>
    </make>
  </data>
</resource>
